# The error lies at: 1 not 2
test {
  rules = {
    main = false
  }
}
