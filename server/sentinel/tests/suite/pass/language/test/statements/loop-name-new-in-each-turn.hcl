param "pick" {
  value = "loop-name-new-in-each-turn"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2]
  }
}
