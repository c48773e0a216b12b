param "pick" {
  value = "there-and-back"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
