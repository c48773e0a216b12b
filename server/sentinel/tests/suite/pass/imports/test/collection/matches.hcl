param "pick" {
  value = "matches"
}

test {
  rules = {
    kind  = "list"
    found = [{
      "a" = 1
      "b" = 2
    }]
  }
}
