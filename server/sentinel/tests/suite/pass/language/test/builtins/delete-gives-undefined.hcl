param "pick" {
  value = "delete-gives-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
