param "pick" {
  value = "ipv6-with-mask"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
