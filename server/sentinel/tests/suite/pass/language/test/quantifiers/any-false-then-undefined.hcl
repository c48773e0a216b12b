param "pick" {
  value = "any-false-then-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
