param "pick" {
  value = "double-equals"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
