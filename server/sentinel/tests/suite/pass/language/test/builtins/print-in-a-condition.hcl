param "pick" {
  value = "print-in-a-condition"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
