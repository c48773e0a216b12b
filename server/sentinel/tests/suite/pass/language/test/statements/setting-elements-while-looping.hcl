param "pick" {
  value = "setting-elements-while-looping"
}

test {
  rules = {
    kind  = "list"
    found = [10, 20]
  }
}
