# The error lies at: 1 = 2
test {
  rules = {
    main = false
  }
}
