param "pick" {
  value = "int-less-equal"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
