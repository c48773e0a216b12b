param "pick" {
  value = "add-assign-float"
}

test {
  rules = {
    kind  = "float"
    found = 1.5
  }
}
