param "pick" {
  value = "list-order-matters"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
