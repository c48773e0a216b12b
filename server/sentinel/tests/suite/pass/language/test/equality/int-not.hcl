param "pick" {
  value = "int-not"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
