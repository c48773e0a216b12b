# The error lies at: true = 1
test {
  rules = {
    main = false
  }
}
