param "pick" {
  value = "value-and-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
