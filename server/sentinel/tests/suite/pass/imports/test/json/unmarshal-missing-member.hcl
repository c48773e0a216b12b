param "pick" {
  value = "unmarshal-missing-member"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}
