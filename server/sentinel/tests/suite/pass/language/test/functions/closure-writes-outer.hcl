param "pick" {
  value = "closure-writes-outer"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}
