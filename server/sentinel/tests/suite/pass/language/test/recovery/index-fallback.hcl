param "pick" {
  value = "index-fallback"
}

test {
  rules = {
    kind  = "int"
    found = 0
  }
}
