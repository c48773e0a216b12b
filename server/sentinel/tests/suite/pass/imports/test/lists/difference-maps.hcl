param "pick" {
  value = "difference-maps"
}

test {
  rules = {
    kind  = "list"
    found = [{
      "a" = 2
    }]
  }
}
