param "pick" {
  value = "matches-none"
}

test {
  rules = {
    kind  = "list"
    found = []
  }
}
