param "pick" {
  value = "diff-is-the-same"
}

test {
  rules = {
    kind  = "list"
    found = [2]
  }
}
