param "pick" {
  value = "satisfies-pessimistic-minor"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
