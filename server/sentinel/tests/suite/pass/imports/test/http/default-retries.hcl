param "pick" {
  value = "default-retries"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}
