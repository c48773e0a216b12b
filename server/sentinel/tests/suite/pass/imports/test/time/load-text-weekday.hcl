param "pick" {
  value = "load-text-weekday"
}

test {
  rules = {
    kind  = "string"
    found = "Saturday"
  }
}
