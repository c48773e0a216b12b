param "pick" {
  value = "concat-many"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2, [3]]
  }
}
