param "pick" {
  value = "computed"
}

test {
  rules = {
    kind  = "int"
    found = 2048
  }
}
