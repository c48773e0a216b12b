param "pick" {
  value = "int-of-null"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
