param "pick" {
  value = "div-assign"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}
