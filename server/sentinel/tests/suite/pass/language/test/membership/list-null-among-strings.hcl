param "pick" {
  value = "list-null-among-strings"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
