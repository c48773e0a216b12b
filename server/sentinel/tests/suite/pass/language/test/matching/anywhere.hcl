param "pick" {
  value = "anywhere"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
