param "names" {
  value = ["a", "b"]
}

test {
  rules = {
    big = "true"
  }
}
