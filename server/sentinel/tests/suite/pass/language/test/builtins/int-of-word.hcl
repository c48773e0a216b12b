param "pick" {
  value = "int-of-word"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
