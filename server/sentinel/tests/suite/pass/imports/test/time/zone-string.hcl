param "pick" {
  value = "zone-string"
}

test {
  rules = {
    kind  = "string"
    found = "-08:00"
  }
}
