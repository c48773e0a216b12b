param "pick" {
  value = "difference-left"
}

test {
  rules = {
    kind  = "int"
    found = 5
  }
}
