# The error lies at: "one
test {
  rules = {
    main = false
  }
}
