param "pick" {
  value = "union-many"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2]
  }
}
