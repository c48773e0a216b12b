param "pick" {
  value = "undefined-subject"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
