# The error lies at: when = 1
test {
  rules = {
    main = false
  }
}
