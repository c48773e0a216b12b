# The error lies at: strings = 1
test {
  rules = {
    main = false
  }
}
