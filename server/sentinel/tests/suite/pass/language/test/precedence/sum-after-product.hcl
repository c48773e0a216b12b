param "pick" {
  value = "sum-after-product"
}

test {
  rules = {
    kind  = "int"
    found = 22
  }
}
