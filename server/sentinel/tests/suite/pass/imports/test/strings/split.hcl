param "pick" {
  value = "split"
}

test {
  rules = {
    kind  = "list"
    found = ["a", "b", "c"]
  }
}
