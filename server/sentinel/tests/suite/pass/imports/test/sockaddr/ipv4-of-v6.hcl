param "pick" {
  value = "ipv4-of-v6"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
