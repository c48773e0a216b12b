param "pick" {
  value = "unset"
}

test {
  rules = {
    kind  = "map"
    found = {
      "b" = 2
    }
  }
}
