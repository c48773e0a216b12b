param "pick" {
  value = "keys-empty"
}

test {
  rules = {
    kind  = "list"
    found = []
  }
}
