param "pick" {
  value = "float-remainder-of-negative"
}

test {
  rules = {
    kind  = "float"
    found = -1.5
  }
}
