param "pick" {
  value = "accept-status-codes"
}

test {
  rules = {
    kind  = "list"
    found = [200, 404]
  }
}
