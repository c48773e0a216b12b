# The error lies at: ud800
test {
  rules = {
    main = false
  }
}
