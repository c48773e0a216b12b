param "pick" {
  value = "else-if-falls-to-else"
}

test {
  rules = {
    kind  = "string"
    found = "c"
  }
}
