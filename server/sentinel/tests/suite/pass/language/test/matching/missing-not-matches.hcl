param "pick" {
  value = "missing-not-matches"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
