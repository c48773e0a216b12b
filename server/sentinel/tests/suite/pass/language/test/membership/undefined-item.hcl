param "pick" {
  value = "undefined-item"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
