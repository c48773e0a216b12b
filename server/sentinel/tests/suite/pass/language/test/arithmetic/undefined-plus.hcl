param "pick" {
  value = "undefined-plus"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
