param "pick" {
  value = "list-and-list"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
