param "pick" {
  value = "is-not-empty-above-or"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
