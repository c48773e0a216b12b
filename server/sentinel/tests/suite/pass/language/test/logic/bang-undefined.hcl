param "pick" {
  value = "bang-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
