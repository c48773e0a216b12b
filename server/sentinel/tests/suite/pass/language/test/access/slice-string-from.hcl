param "pick" {
  value = "slice-string-from"
}

test {
  rules = {
    kind  = "string"
    found = "lo"
  }
}
