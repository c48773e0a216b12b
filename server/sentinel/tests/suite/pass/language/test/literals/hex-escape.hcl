param "pick" {
  value = "hex-escape"
}

test {
  rules = {
    kind  = "string"
    found = "Az"
  }
}
