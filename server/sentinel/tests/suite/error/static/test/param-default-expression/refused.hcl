# The error lies at: param a
test {
  rules = {
    main = false
  }
}
