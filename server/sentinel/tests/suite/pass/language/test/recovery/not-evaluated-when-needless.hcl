param "pick" {
  value = "not-evaluated-when-needless"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}
