param "pick" {
  value = "values-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
