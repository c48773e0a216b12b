param "pick" {
  value = "undefined-is-empty"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
