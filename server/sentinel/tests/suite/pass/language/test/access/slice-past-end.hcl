param "pick" {
  value = "slice-past-end"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
