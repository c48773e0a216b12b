param "pick" {
  value = "contained-v6"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
