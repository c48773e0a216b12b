param "pick" {
  value = "int-of-list"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
