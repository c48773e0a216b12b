param "pick" {
  value = "ipv6"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
