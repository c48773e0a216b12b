param "pick" {
  value = "list-lengths"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
