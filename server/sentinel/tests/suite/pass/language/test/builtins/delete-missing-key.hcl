param "pick" {
  value = "delete-missing-key"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = 1
    }
  }
}
