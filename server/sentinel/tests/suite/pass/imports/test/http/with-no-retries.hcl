param "pick" {
  value = "with-no-retries"
}

test {
  rules = {
    kind  = "int"
    found = 0
  }
}
