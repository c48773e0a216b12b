# The error lies at: and false
test {
  rules = {
    main = false
  }
}
