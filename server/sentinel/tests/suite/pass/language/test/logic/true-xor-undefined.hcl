param "pick" {
  value = "true-xor-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
