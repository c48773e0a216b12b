# The error lies at: !""
param "pick" {
  value = "not-string"
}

test {
  rules = {
    main = false
  }
}
