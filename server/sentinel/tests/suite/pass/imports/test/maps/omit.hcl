param "pick" {
  value = "omit"
}

test {
  rules = {
    kind  = "map"
    found = {
      "b" = 2
    }
  }
}
