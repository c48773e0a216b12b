param "pick" {
  value = "all-stops"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
