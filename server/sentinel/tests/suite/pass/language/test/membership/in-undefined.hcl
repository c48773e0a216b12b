param "pick" {
  value = "in-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
