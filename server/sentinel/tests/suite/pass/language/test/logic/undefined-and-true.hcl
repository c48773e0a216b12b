param "pick" {
  value = "undefined-and-true"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
