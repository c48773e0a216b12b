param "pick" {
  value = "ascii-digit-only"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
