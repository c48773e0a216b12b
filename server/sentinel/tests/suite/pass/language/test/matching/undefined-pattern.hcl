param "pick" {
  value = "undefined-pattern"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
