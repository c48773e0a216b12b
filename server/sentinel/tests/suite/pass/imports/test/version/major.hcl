param "pick" {
  value = "major"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}
