param "pick" {
  value = "less-than"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
