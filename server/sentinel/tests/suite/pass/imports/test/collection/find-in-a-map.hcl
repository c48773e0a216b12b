param "pick" {
  value = "find-in-a-map"
}

test {
  rules = {
    kind  = "map"
    found = {
      "n" = 1
    }
  }
}
