param "pick" {
  value = "prerelease-order"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
