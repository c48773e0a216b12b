param "pick" {
  value = "rebinding-a-list-parameter-is-private"
}

test {
  rules = {
    kind  = "list"
    found = [1]
  }
}
