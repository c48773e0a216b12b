param "pick" {
  value = "set-makes-a-new-map"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = {
        "b" = 1
      }
    }
  }
}
