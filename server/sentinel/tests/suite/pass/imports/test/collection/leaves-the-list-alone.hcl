param "pick" {
  value = "leaves-the-list-alone"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2]
  }
}
