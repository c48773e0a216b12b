param "pick" {
  value = "closure-survives"
}

test {
  rules = {
    kind  = "int"
    found = 84
  }
}
