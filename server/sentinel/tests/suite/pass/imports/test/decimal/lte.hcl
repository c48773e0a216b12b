param "pick" {
  value = "lte"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
