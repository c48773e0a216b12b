# The error lies at: \q
test {
  rules = {
    main = false
  }
}
