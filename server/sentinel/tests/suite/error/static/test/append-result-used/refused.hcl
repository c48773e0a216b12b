# The error lies at: append
test {
  rules = {
    main = false
  }
}
