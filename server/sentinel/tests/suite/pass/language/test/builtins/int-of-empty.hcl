param "pick" {
  value = "int-of-empty"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
