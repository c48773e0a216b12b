param "pick" {
  value = "int-truncates"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}
