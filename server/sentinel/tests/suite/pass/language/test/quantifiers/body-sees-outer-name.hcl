param "pick" {
  value = "body-sees-outer-name"
}

test {
  rules = {
    kind  = "list"
    found = [3]
  }
}
