param "pick" {
  value = "int-of-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
