param "pick" {
  value = "closure-reads-later-value"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}
