# The error lies at: "a" * 2
param "pick" {
  value = "string-times-int"
}

test {
  rules = {
    main = false
  }
}
