param "pick" {
  value = "level"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
