param "pick" {
  value = "map"
}

test {
  rules = {
    kind  = "string"
    found = "map"
  }
}
