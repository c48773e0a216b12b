param "pick" {
  value = "int-of-spaced"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
