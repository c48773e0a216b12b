# The error lies at: .a
test {
  rules = {
    main = false
  }
}
