param "pick" {
  value = "int-less"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
