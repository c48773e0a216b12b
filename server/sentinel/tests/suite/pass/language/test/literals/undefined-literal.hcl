param "pick" {
  value = "undefined-literal"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
