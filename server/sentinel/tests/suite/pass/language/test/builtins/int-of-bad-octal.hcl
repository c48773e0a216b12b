param "pick" {
  value = "int-of-bad-octal"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
