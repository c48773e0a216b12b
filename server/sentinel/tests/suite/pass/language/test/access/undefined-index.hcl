param "pick" {
  value = "undefined-index"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
