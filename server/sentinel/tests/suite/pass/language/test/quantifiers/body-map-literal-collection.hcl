param "pick" {
  value = "body-map-literal-collection"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
