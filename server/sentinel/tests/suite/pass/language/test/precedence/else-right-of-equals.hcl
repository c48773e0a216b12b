param "pick" {
  value = "else-right-of-equals"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
