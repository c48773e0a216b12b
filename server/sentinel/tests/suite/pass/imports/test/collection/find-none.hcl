param "pick" {
  value = "find-none"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
