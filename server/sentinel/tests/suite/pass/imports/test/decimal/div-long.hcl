param "pick" {
  value = "div-long"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
