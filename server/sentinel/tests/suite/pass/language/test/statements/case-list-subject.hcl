param "pick" {
  value = "case-list-subject"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}
