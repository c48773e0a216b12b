param "pick" {
  value = "log"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
