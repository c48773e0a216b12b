param "pick" {
  value = "slice-reversed"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
