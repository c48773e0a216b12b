param "pick" {
  value = "length-map"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}
