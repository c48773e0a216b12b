param "pick" {
  value = "deleting-while-looping"
}

test {
  rules = {
    kind  = "map"
    found = {}
  }
}
