param "pick" {
  value = "minus-before-product"
}

test {
  rules = {
    kind  = "int"
    found = -6
  }
}
