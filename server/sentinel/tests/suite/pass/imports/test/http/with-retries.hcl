param "pick" {
  value = "with-retries"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}
