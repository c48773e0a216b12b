param "pick" {
  value = "leap-day"
}

test {
  rules = {
    kind  = "string"
    found = "February"
  }
}
