param "pick" {
  value = "unset-makes-a-new-map"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = 1
    }
  }
}
