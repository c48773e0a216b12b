param "pick" {
  value = "set-index-compound"
}

test {
  rules = {
    kind  = "map"
    found = {
      "n" = 5
    }
  }
}
