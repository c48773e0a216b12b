param "pick" {
  value = "undefined-and-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
