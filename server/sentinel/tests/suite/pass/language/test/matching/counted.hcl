param "pick" {
  value = "counted"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
