param "pick" {
  value = "difference-of-same"
}

test {
  rules = {
    kind  = "list"
    found = []
  }
}
