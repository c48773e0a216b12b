param "pick" {
  value = "unmarshal-fraction"
}

test {
  rules = {
    kind  = "float"
    found = 0.5
  }
}
