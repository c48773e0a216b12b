param "pick" {
  value = "false-stays"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
