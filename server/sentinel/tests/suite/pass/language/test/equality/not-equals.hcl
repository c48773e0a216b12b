param "pick" {
  value = "not-equals"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
