param "pick" {
  value = "list-join"
}

test {
  rules = {
    kind  = "list"
    found = [1, [1]]
  }
}
