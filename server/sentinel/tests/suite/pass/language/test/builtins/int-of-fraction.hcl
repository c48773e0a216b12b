param "pick" {
  value = "int-of-fraction"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
