param "pick" {
  value = "escapes"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
