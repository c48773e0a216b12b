param "pick" {
  value = "undefined-element-after-hit"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
