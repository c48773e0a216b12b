param "pick" {
  value = "intersection"
}

test {
  rules = {
    kind  = "list"
    found = [2, 3]
  }
}
