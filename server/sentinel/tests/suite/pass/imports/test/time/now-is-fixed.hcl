param "pick" {
  value = "now-is-fixed"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
