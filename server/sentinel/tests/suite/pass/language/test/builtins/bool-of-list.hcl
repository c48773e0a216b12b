param "pick" {
  value = "bool-of-list"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
