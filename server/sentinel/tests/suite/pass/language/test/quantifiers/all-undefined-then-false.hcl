param "pick" {
  value = "all-undefined-then-false"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
