param "pick" {
  value = "call-of-undefined-literal"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
