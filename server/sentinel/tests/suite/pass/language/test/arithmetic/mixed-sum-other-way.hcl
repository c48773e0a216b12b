param "pick" {
  value = "mixed-sum-other-way"
}

test {
  rules = {
    kind  = "float"
    found = 2.5
  }
}
