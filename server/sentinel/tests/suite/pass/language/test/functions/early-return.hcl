param "pick" {
  value = "early-return"
}

test {
  rules = {
    kind  = "list"
    found = ["yes", "no"]
  }
}
