param "pick" {
  value = "true-and-undefined-and-false"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
