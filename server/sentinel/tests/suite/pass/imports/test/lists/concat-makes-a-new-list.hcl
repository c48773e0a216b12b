param "pick" {
  value = "concat-makes-a-new-list"
}

test {
  rules = {
    kind  = "list"
    found = [1]
  }
}
