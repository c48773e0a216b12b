param "pick" {
  value = "prerelease-range"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
