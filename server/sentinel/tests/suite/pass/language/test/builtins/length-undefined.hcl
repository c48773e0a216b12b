param "pick" {
  value = "length-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
