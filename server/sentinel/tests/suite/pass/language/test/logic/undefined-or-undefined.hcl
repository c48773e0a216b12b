param "pick" {
  value = "undefined-or-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
