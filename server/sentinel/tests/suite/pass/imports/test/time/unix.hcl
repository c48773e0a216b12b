param "pick" {
  value = "unix"
}

test {
  rules = {
    kind  = "int"
    found = 1573867230
  }
}
