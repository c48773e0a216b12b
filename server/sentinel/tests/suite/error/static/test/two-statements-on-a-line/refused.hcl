# The error lies at: a = 1 b
test {
  rules = {
    main = false
  }
}
