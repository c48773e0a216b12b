param "pick" {
  value = "square-root"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
