param "pick" {
  value = "has-null"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
