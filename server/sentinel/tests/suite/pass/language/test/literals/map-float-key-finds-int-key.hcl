param "pick" {
  value = "map-float-key-finds-int-key"
}

test {
  rules = {
    kind  = "string"
    found = "a"
  }
}
