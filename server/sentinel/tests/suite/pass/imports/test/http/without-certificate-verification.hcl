param "pick" {
  value = "without-certificate-verification"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
