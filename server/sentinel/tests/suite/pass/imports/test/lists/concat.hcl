param "pick" {
  value = "concat"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2, 3]
  }
}
