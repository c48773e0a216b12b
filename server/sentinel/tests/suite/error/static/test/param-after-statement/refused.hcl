# The error lies at: param b
test {
  rules = {
    main = false
  }
}
