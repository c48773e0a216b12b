param "pick" {
  value = "undefined-is-not-defined"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
