param "pick" {
  value = "satisfies-equal"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
