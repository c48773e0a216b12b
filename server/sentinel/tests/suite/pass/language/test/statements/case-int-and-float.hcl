param "pick" {
  value = "case-int-and-float"
}

test {
  rules = {
    kind  = "string"
    found = "same"
  }
}
