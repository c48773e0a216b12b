param "pick" {
  value = "encode-alphabet"
}

test {
  rules = {
    kind  = "string"
    found = "+//+"
  }
}
