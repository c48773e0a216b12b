param "pick" {
  value = "int-greater-equal"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
