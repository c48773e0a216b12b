param "pick" {
  value = "assignment-shares"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2]
  }
}
