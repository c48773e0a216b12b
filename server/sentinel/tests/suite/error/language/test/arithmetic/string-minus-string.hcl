# The error lies at: "a" - "b"
param "pick" {
  value = "string-minus-string"
}

test {
  rules = {
    main = false
  }
}
