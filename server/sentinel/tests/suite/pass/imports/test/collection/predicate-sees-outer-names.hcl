param "pick" {
  value = "predicate-sees-outer-names"
}

test {
  rules = {
    kind  = "list"
    found = [2, 3]
  }
}
