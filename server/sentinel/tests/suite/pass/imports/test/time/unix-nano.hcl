param "pick" {
  value = "unix-nano"
}

test {
  rules = {
    kind  = "int"
    found = 1573867230000000000
  }
}
