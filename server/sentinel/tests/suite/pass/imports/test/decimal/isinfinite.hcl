param "pick" {
  value = "isinfinite"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
