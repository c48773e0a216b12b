param "pick" {
  value = "before-not"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
