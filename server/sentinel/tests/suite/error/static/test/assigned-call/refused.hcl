# The error lies at: f() = 2
test {
  rules = {
    main = false
  }
}
