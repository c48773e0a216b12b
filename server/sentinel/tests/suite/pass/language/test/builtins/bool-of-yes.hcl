param "pick" {
  value = "bool-of-yes"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
