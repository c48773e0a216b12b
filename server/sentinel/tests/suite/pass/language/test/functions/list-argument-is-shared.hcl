param "pick" {
  value = "list-argument-is-shared"
}

test {
  rules = {
    kind  = "list"
    found = ["v"]
  }
}
