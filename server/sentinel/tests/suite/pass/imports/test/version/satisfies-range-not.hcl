param "pick" {
  value = "satisfies-range-not"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
