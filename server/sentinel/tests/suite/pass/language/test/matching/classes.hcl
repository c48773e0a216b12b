param "pick" {
  value = "classes"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
