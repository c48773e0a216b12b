param "value" {
  value = "a reason"
}

test {
  rules = {
    main = "a reason"
  }
}
