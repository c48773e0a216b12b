param "pick" {
  value = "undefined-is-defined"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
