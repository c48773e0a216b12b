param "pick" {
  value = "all-over-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
