# The error lies at: param length
test {
  rules = {
    main = false
  }
}
