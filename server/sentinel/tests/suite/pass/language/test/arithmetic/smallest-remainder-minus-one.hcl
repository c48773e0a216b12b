param "pick" {
  value = "smallest-remainder-minus-one"
}

test {
  rules = {
    kind  = "int"
    found = 0
  }
}
