param "pick" {
  value = "float-of-null"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
