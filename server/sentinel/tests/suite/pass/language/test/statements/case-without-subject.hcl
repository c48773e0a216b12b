param "pick" {
  value = "case-without-subject"
}

test {
  rules = {
    kind  = "string"
    found = "middle"
  }
}
