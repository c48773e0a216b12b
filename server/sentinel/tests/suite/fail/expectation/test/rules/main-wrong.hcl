param "names" {
  value = ["a", "b"]
}

test {
  rules = {
    main = false
  }
}
