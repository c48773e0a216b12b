param "pick" {
  value = "list-of-lists"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
