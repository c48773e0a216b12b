param "pick" {
  value = "true-and-false-and-undefined"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
