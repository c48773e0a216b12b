param "pick" {
  value = "filter-over-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
