# The error lies at: return 1
test {
  rules = {
    main = false
  }
}
