param "pick" {
  value = "undefined-element-no-hit"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
