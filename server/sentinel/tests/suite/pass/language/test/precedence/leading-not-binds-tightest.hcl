param "pick" {
  value = "leading-not-binds-tightest"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
