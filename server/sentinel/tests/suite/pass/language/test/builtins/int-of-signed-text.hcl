param "pick" {
  value = "int-of-signed-text"
}

test {
  rules = {
    kind  = "int"
    found = -7
  }
}
