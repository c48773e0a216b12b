param "pick" {
  value = "multi-line-off"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
