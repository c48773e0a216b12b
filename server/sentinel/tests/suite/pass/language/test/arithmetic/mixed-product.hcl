param "pick" {
  value = "mixed-product"
}

test {
  rules = {
    kind  = "float"
    found = 3.0
  }
}
