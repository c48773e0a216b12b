param "pick" {
  value = "undefined-minus-string"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
