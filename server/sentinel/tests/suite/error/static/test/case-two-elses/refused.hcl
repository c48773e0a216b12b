# The error lies at: else: a = 2
test {
  rules = {
    main = false
  }
}
