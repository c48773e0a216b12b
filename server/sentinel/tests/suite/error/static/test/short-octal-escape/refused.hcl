# The error lies at: \12
test {
  rules = {
    main = false
  }
}
