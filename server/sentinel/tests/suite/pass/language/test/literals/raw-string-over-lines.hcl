param "pick" {
  value = "raw-string-over-lines"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}
