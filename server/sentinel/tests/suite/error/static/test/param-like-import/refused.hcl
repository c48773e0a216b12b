# The error lies at: param strings
test {
  rules = {
    main = false
  }
}
