param "pick" {
  value = "smallest-by-minus-one"
}

test {
  rules = {
    kind  = "int"
    found = -9223372036854775808
  }
}
