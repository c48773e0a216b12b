param "pick" {
  value = "null-index"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
