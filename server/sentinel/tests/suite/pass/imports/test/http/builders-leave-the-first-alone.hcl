param "pick" {
  value = "builders-leave-the-first-alone"
}

test {
  rules = {
    kind  = "list"
    found = [0, 1, 1, 5]
  }
}
