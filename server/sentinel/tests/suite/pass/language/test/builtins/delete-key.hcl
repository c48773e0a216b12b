param "pick" {
  value = "delete-key"
}

test {
  rules = {
    kind  = "map"
    found = {
      "b" = 2
    }
  }
}
