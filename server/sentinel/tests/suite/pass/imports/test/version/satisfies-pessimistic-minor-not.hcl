param "pick" {
  value = "satisfies-pessimistic-minor-not"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
