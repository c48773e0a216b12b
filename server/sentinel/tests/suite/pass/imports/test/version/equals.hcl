param "pick" {
  value = "equals"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
