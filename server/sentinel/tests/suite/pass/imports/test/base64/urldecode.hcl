param "pick" {
  value = "urldecode"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
