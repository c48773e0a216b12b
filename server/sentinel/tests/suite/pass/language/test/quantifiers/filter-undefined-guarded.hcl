param "pick" {
  value = "filter-undefined-guarded"
}

test {
  rules = {
    kind  = "list"
    found = [{
      "a" = true
    }]
  }
}
