param "pick" {
  value = "certificate-verification"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
