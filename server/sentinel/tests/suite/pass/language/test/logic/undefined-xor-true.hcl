param "pick" {
  value = "undefined-xor-true"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
