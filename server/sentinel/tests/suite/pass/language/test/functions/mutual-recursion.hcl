param "pick" {
  value = "mutual-recursion"
}

test {
  rules = {
    kind  = "list"
    found = [true, false]
  }
}
