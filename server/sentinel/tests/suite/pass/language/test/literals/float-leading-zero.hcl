param "pick" {
  value = "float-leading-zero"
}

test {
  rules = {
    kind  = "float"
    found = 72.4
  }
}
