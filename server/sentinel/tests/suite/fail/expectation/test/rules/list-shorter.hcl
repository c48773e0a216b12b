param "names" {
  value = ["a", "b"]
}

test {
  rules = {
    found = ["a"]
  }
}
