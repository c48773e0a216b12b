param "pick" {
  value = "length-bytes"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}
