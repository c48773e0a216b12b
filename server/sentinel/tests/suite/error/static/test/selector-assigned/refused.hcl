# The error lies at: m.a = 1
test {
  rules = {
    main = false
  }
}
