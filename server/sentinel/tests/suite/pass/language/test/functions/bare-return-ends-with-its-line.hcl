param "pick" {
  value = "bare-return-ends-with-its-line"
}

test {
  rules = {
    kind  = "list"
    found = [false, false]
  }
}
