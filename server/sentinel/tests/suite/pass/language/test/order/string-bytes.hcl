param "pick" {
  value = "string-bytes"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
