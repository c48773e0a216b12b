# The error lies at: false or null
param "pick" {
  value = "or-null"
}

test {
  rules = {
    main = false
  }
}
