param "pick" {
  value = "weekday"
}

test {
  rules = {
    kind  = "int"
    found = 0
  }
}
