param "pick" {
  value = "pick"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = 1
    }
  }
}
