param "pick" {
  value = "list-undefined-index"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
