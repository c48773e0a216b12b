param "pick" {
  value = "case-returns"
}

test {
  rules = {
    kind  = "list"
    found = ["one", "many"]
  }
}
