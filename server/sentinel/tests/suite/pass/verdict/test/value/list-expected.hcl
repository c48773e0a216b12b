param "value" {
  value = ["a", { "b" = null }]
}

test {
  rules = {
    main = ["a", { "b" = null }]
  }
}
