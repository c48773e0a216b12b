param "pick" {
  value = "float-of-word"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
