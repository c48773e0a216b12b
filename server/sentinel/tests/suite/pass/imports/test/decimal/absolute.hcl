param "pick" {
  value = "absolute"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}
