param "pick" {
  value = "filter-undefined-body-later"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
