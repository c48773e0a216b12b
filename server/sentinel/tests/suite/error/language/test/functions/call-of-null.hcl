# The error lies at: null()
param "pick" {
  value = "call-of-null"
}

test {
  rules = {
    main = false
  }
}
