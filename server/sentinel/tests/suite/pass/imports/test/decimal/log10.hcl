param "pick" {
  value = "log10"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
