param "value" {
  value = false
}

test {
  rules = {
    main = false
  }
}
