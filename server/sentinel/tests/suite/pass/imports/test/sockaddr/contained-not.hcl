param "pick" {
  value = "contained-not"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
