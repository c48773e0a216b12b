param "pick" {
  value = "greater-than"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
