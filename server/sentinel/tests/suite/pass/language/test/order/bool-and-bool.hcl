param "pick" {
  value = "bool-and-bool"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
