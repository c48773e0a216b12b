param "names" {
  value = ["a", "b"]
}

test {
  rules = {
    count = 3
  }
}
