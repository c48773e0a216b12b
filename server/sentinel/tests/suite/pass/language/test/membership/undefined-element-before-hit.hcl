param "pick" {
  value = "undefined-element-before-hit"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
