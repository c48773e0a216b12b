param "pick" {
  value = "float-sum"
}

test {
  rules = {
    kind  = "float"
    found = 3.5
  }
}
