param "pick" {
  value = "bool-of-null"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
