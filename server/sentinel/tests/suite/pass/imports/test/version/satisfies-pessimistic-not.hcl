param "pick" {
  value = "satisfies-pessimistic-not"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
