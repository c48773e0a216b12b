param "pick" {
  value = "undefined-or-false"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
