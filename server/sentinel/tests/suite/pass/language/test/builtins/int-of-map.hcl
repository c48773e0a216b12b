param "pick" {
  value = "int-of-map"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
