param "pick" {
  value = "different-things-of-one-list"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
