# The error lies at: U00110000
test {
  rules = {
    main = false
  }
}
