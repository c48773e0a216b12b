# The error lies at: 9223372036854775808
test {
  rules = {
    main = false
  }
}
