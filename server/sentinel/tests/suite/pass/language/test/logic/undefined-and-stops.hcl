param "pick" {
  value = "undefined-and-stops"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
