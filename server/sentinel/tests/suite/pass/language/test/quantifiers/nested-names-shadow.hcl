param "pick" {
  value = "nested-names-shadow"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
