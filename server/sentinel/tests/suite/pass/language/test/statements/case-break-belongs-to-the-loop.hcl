param "pick" {
  value = "case-break-belongs-to-the-loop"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}
