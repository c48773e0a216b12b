param "pick" {
  value = "equal-v6-spelling"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
