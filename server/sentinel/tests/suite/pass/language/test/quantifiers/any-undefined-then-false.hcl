param "pick" {
  value = "any-undefined-then-false"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
