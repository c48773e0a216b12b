param "pick" {
  value = "encode-empty"
}

test {
  rules = {
    kind  = "string"
    found = ""
  }
}
