param "pick" {
  value = "prerelease-needs-prerelease-constraint"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
