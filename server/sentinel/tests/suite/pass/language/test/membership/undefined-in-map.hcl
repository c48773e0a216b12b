param "pick" {
  value = "undefined-in-map"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
