param "pick" {
  value = "gte"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
