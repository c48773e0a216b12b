param "pick" {
  value = "satisfies-not-equal"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
