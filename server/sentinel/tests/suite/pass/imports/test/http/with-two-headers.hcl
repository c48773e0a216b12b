param "pick" {
  value = "with-two-headers"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}
