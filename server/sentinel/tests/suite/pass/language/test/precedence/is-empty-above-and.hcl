param "pick" {
  value = "is-empty-above-and"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
