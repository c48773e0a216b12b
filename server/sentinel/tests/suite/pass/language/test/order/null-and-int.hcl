param "pick" {
  value = "null-and-int"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
