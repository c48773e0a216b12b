param "pick" {
  value = "keys"
}

test {
  rules = {
    kind  = "list"
    found = ["a"]
  }
}
