param "pick" {
  value = "loop-name-shadows"
}

test {
  rules = {
    kind  = "string"
    found = "out"
  }
}
