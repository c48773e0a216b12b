param "pick" {
  value = "contains-above-and"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
