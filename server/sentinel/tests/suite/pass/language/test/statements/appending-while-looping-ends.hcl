param "pick" {
  value = "appending-while-looping-ends"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2, 1, 2]
  }
}
