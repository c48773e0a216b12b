param "pick" {
  value = "false-xor-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
