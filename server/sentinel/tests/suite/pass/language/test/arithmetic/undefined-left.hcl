param "pick" {
  value = "undefined-left"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
