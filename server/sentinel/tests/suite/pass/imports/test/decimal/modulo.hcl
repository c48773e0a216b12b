param "pick" {
  value = "modulo"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}
