param "pick" {
  value = "null-stays"
}

test {
  rules = {
    kind  = "null"
    found = null
  }
}
