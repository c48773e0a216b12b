param "pick" {
  value = "undefined-container"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
