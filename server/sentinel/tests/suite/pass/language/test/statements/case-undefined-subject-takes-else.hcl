param "pick" {
  value = "case-undefined-subject-takes-else"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}
