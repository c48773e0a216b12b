param "pick" {
  value = "slice-string-past-end"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
