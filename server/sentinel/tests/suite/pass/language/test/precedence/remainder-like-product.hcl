param "pick" {
  value = "remainder-like-product"
}

test {
  rules = {
    kind  = "int"
    found = 8
  }
}
