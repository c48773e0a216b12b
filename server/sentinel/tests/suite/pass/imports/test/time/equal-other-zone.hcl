param "pick" {
  value = "equal-other-zone"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
