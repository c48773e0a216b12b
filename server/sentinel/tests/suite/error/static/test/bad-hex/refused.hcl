# The error lies at: 0x
test {
  rules = {
    main = false
  }
}
