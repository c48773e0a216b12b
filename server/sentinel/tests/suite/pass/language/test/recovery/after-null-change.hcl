param "pick" {
  value = "after-null-change"
}

test {
  rules = {
    kind  = "map"
    found = {}
  }
}
