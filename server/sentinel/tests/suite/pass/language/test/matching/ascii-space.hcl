param "pick" {
  value = "ascii-space"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
