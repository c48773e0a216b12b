param "pick" {
  value = "metadata"
}

test {
  rules = {
    kind  = "string"
    found = "build"
  }
}
