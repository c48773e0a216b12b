param "pick" {
  value = "class-posix"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
