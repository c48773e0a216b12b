param "pick" {
  value = "undefined-selector"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
