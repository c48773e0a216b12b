param "pick" {
  value = "split-long-separator"
}

test {
  rules = {
    kind  = "list"
    found = ["a", "b"]
  }
}
