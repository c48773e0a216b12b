param "pick" {
  value = "filter-as-collection"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
