param "pick" {
  value = "false-and-undefined"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
