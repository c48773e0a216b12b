param "pick" {
  value = "undefined-and-false"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
