param "pick" {
  value = "prerelease-below-release"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
