param "pick" {
  value = "anchored"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
