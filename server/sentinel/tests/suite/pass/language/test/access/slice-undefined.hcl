param "pick" {
  value = "slice-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
