# The error lies at: param rule
test {
  rules = {
    main = false
  }
}
