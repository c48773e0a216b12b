param "pick" {
  value = "float-of-list"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
