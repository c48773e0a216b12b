param "pick" {
  value = "bytes-survive"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}
