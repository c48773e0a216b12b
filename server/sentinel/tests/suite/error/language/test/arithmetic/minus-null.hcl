# The error lies at: -null
param "pick" {
  value = "minus-null"
}

test {
  rules = {
    main = false
  }
}
