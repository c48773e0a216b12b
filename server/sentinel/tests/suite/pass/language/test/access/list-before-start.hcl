param "pick" {
  value = "list-before-start"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
