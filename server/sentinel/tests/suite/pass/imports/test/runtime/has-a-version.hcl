param "pick" {
  value = "has-a-version"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
