param "pick" {
  value = "zone-string-utc"
}

test {
  rules = {
    kind  = "int"
    found = 0
  }
}
