param "pick" {
  value = "contained-v6-not"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
