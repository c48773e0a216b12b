param "pick" {
  value = "slice-string-bytes"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}
