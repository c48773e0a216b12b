param "pick" {
  value = "right-before-target"
}

test {
  rules = {
    kind  = "list"
    found = ["value", "key"]
  }
}
