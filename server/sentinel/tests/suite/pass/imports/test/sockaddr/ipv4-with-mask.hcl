param "pick" {
  value = "ipv4-with-mask"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
