param "pick" {
  value = "contained-network"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
