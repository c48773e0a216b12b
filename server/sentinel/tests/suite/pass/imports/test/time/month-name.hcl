param "pick" {
  value = "month-name"
}

test {
  rules = {
    kind  = "string"
    found = "November"
  }
}
