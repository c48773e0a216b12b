param "pick" {
  value = "all-true-then-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
