param "pick" {
  value = "closure-in-a-loop-keeps-its-value"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2, 3]
  }
}
