param "pick" {
  value = "undefined-comparison"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
