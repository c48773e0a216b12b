param "pick" {
  value = "filter-undefined-body"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
