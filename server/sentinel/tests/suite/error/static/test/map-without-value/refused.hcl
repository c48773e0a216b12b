# The error lies at: {"x"}
test {
  rules = {
    main = false
  }
}
