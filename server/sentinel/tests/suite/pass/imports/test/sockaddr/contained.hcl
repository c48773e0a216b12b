param "pick" {
  value = "contained"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
