param "pick" {
  value = "urlencode-alphabet"
}

test {
  rules = {
    kind  = "string"
    found = "-__-"
  }
}
