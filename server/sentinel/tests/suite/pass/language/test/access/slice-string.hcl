param "pick" {
  value = "slice-string"
}

test {
  rules = {
    kind  = "string"
    found = "ell"
  }
}
