param "pick" {
  value = "undefined-both"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
