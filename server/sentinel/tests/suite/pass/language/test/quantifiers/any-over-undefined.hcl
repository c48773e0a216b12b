param "pick" {
  value = "any-over-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
