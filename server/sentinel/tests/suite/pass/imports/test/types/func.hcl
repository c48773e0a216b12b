param "pick" {
  value = "func"
}

test {
  rules = {
    kind  = "string"
    found = "func"
  }
}
