param "pick" {
  value = "isnan"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
