param "pick" {
  value = "contained-everything"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
