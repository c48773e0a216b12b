param "pick" {
  value = "int-greater"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
