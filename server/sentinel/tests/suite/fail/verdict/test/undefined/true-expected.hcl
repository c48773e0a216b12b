param "tags" {
  value = {}
}

test {
  rules = {
    main = true
  }
}
