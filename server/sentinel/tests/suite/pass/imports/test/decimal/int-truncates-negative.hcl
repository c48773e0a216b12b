param "pick" {
  value = "int-truncates-negative"
}

test {
  rules = {
    kind  = "int"
    found = -2
  }
}
