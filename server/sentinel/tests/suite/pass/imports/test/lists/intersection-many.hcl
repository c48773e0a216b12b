param "pick" {
  value = "intersection-many"
}

test {
  rules = {
    kind  = "list"
    found = [3]
  }
}
