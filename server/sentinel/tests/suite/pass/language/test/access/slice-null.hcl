param "pick" {
  value = "slice-null"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
