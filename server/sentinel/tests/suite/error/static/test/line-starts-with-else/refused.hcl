# The error lies at: else {
test {
  rules = {
    main = false
  }
}
