param "pick" {
  value = "float-division-by-zero"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
