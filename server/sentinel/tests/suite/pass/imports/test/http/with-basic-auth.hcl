param "pick" {
  value = "with-basic-auth"
}

test {
  rules = {
    kind  = "string"
    found = "Basic dXNlcjpwYXNz"
  }
}
