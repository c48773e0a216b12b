param "pick" {
  value = "satisfies-pessimistic"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
