param "pick" {
  value = "less-than-or-equals"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
