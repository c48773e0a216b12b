# The error lies at: rule { }
test {
  rules = {
    main = false
  }
}
