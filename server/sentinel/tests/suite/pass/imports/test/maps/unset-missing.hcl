param "pick" {
  value = "unset-missing"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = 1
    }
  }
}
