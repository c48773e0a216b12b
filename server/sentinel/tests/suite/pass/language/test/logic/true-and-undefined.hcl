param "pick" {
  value = "true-and-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
