param "pick" {
  value = "no-arguments"
}

test {
  rules = {
    kind  = "int"
    found = 7
  }
}
