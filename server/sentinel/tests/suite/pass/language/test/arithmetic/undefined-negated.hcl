param "pick" {
  value = "undefined-negated"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
