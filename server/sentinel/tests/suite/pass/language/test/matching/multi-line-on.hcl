param "pick" {
  value = "multi-line-on"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
