param "pick" {
  value = "replace-some"
}

test {
  rules = {
    kind  = "string"
    found = "barbarfoobar"
  }
}
