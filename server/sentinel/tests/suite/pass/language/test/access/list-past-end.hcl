param "pick" {
  value = "list-past-end"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
