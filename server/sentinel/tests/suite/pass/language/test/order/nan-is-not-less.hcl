param "pick" {
  value = "nan-is-not-less"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
