param "pick" {
  value = "ipv6-of-v4"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
