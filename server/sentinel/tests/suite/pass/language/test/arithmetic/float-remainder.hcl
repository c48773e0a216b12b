param "pick" {
  value = "float-remainder"
}

test {
  rules = {
    kind  = "float"
    found = 1.5
  }
}
