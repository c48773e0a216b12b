param "pick" {
  value = "set"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = 1
      "b" = 2
    }
  }
}
