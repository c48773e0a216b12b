param "pick" {
  value = "closures-are-separate"
}

test {
  rules = {
    kind  = "list"
    found = [3, 12]
  }
}
