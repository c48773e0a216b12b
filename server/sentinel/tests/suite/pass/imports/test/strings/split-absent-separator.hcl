param "pick" {
  value = "split-absent-separator"
}

test {
  rules = {
    kind  = "list"
    found = ["abc"]
  }
}
