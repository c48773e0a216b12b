# The error lies at: 089
test {
  rules = {
    main = false
  }
}
