# The error lies at: range("5")
param "pick" {
  value = "range-string"
}

test {
  rules = {
    main = false
  }
}
