param "pick" {
  value = "sort-by-field"
}

test {
  rules = {
    kind  = "list"
    found = [{
      "n" = 1
    }, {
      "n" = 2
    }]
  }
}
