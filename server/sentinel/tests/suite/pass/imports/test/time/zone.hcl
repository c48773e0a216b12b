param "pick" {
  value = "zone"
}

test {
  rules = {
    kind  = "int"
    found = -28800
  }
}
