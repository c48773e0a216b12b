param "pick" {
  value = "append-null"
}

test {
  rules = {
    kind  = "list"
    found = [null]
  }
}
