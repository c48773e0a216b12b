param "pick" {
  value = "rebinding-a-parameter-is-private"
}

test {
  rules = {
    kind  = "string"
    found = "out"
  }
}
