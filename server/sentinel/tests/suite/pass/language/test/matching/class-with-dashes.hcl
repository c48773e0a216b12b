param "pick" {
  value = "class-with-dashes"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
