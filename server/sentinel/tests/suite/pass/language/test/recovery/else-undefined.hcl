param "pick" {
  value = "else-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
