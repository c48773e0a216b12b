param "pick" {
  value = "intersection-none"
}

test {
  rules = {
    kind  = "list"
    found = []
  }
}
