param "pick" {
  value = "encode"
}

test {
  rules = {
    kind  = "string"
    found = "Zm9v"
  }
}
