param "pick" {
  value = "return-from-a-loop"
}

test {
  rules = {
    kind  = "string"
    found = "two"
  }
}
