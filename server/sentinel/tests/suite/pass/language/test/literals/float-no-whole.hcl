param "pick" {
  value = "float-no-whole"
}

test {
  rules = {
    kind  = "float"
    found = 0.5
  }
}
