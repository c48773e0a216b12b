param "pick" {
  value = "settings-are-kept"
}

test {
  rules = {
    kind  = "int"
    found = 7
  }
}
