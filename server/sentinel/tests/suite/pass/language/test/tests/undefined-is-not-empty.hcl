param "pick" {
  value = "undefined-is-not-empty"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
