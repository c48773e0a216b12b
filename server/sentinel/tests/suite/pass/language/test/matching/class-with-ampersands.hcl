param "pick" {
  value = "class-with-ampersands"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
