param "pick" {
  value = "nan-is-nan"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
