param "pick" {
  value = "prerelease"
}

test {
  rules = {
    kind  = "string"
    found = "beta.1"
  }
}
