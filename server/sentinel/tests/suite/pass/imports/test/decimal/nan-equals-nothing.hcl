param "pick" {
  value = "nan-equals-nothing"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
