param "pick" {
  value = "difference-many"
}

test {
  rules = {
    kind  = "list"
    found = [1, 3]
  }
}
