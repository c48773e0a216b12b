param "pick" {
  value = "print-nothing"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
