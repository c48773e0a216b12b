param "pick" {
  value = "decode-padding"
}

test {
  rules = {
    kind  = "string"
    found = "fo"
  }
}
