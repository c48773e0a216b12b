param "pick" {
  value = "call-of-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
