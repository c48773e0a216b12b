param "pick" {
  value = "contained-itself"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
