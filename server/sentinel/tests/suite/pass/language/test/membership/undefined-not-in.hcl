param "pick" {
  value = "undefined-not-in"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
