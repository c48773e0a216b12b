param "pick" {
  value = "equal-host-mask"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
