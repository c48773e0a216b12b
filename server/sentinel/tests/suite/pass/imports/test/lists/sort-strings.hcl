param "pick" {
  value = "sort-strings"
}

test {
  rules = {
    kind  = "list"
    found = ["a", "b"]
  }
}
