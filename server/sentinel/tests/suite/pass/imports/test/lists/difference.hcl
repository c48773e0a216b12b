param "pick" {
  value = "difference"
}

test {
  rules = {
    kind  = "list"
    found = [1, 3]
  }
}
