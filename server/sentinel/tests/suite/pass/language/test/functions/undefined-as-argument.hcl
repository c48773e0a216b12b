param "pick" {
  value = "undefined-as-argument"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
