param "pick" {
  value = "false-is-defined"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
