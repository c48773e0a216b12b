param "pick" {
  value = "undefined-right"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
