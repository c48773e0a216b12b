param "pick" {
  value = "undefined-and-null"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
