param "pick" {
  value = "rem-assign"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}
