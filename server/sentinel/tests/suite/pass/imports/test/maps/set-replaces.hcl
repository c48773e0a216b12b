param "pick" {
  value = "set-replaces"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = 5
    }
  }
}
