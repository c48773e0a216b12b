# The error lies at: all [1]
test {
  rules = {
    main = false
  }
}
