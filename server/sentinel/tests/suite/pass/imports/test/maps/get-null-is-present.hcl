param "pick" {
  value = "get-null-is-present"
}

test {
  rules = {
    kind  = "null"
    found = null
  }
}
