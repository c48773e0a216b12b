param "pick" {
  value = "union"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2, 3]
  }
}
