param "pick" {
  value = "else-below-and"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
