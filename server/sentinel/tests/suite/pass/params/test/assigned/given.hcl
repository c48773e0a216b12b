param "limit" {
  value = 1
}

test {
  rules = {
    out = 4
  }
}
