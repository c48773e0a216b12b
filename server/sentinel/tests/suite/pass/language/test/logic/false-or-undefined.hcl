param "pick" {
  value = "false-or-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
