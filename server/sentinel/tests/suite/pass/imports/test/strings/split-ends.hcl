param "pick" {
  value = "split-ends"
}

test {
  rules = {
    kind  = "list"
    found = ["", "a", ""]
  }
}
