param "pick" {
  value = "ipv4"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
