param "pick" {
  value = "reject"
}

test {
  rules = {
    kind  = "list"
    found = [1]
  }
}
