param "pick" {
  value = "slice-negative"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
