param "pick" {
  value = "set-nested"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = {
        "b" = [9, 2]
      }
    }
  }
}
