param "pick" {
  value = "unmarshal-whole-number-is-int"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2.5]
  }
}
