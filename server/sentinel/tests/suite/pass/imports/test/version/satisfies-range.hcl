param "pick" {
  value = "satisfies-range"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
