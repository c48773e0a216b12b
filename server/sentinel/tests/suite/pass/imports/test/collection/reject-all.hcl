param "pick" {
  value = "reject-all"
}

test {
  rules = {
    kind  = "list"
    found = []
  }
}
