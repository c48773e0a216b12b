param "pick" {
  value = "contained-wider-network"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
