param "pick" {
  value = "case-else"
}

test {
  rules = {
    kind  = "string"
    found = "c"
  }
}
