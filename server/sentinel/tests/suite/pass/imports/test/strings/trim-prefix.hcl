param "pick" {
  value = "trim-prefix"
}

test {
  rules = {
    kind  = "string"
    found = "instance"
  }
}
