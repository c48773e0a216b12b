param "pick" {
  value = "hex-upper"
}

test {
  rules = {
    kind  = "int"
    found = 31
  }
}
