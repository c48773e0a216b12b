# The error lies at: "a" or true
param "pick" {
  value = "string-or"
}

test {
  rules = {
    main = false
  }
}
