param "pick" {
  value = "not-contains-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
