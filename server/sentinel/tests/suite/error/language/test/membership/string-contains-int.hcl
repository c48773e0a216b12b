# The error lies at: "a1" contains 1
param "pick" {
  value = "string-contains-int"
}

test {
  rules = {
    main = false
  }
}
