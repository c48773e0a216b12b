param "pick" {
  value = "satisfies-less-equal"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
