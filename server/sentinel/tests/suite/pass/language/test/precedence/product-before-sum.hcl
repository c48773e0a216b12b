param "pick" {
  value = "product-before-sum"
}

test {
  rules = {
    kind  = "int"
    found = 14
  }
}
