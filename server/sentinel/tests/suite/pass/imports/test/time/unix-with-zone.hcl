param "pick" {
  value = "unix-with-zone"
}

test {
  rules = {
    kind  = "int"
    found = 1573896030
  }
}
