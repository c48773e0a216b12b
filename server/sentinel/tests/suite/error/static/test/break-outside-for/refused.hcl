# The error lies at: break
test {
  rules = {
    main = false
  }
}
