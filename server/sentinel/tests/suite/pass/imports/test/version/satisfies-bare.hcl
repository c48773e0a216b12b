param "pick" {
  value = "satisfies-bare"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
