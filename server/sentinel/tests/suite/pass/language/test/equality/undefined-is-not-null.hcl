param "pick" {
  value = "undefined-is-not-null"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
