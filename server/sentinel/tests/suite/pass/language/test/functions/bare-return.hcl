param "pick" {
  value = "bare-return"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
