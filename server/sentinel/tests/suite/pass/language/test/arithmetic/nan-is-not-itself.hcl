param "pick" {
  value = "nan-is-not-itself"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
