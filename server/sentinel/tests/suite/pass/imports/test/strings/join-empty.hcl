param "pick" {
  value = "join-empty"
}

test {
  rules = {
    kind  = "string"
    found = ""
  }
}
