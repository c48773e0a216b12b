param "pick" {
  value = "keys-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
