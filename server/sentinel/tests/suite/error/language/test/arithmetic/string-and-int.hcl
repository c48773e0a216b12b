# The error lies at: "a" + 1
param "pick" {
  value = "string-and-int"
}

test {
  rules = {
    main = false
  }
}
