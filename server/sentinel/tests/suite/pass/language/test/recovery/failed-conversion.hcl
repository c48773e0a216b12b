param "pick" {
  value = "failed-conversion"
}

test {
  rules = {
    kind  = "int"
    found = -1
  }
}
