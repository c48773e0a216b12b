param "pick" {
  value = "large-ints"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
