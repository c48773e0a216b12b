param "pick" {
  value = "guard"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
