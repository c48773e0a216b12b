param "pick" {
  value = "present"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}
