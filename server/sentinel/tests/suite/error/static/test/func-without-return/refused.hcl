# The error lies at: func()
test {
  rules = {
    main = false
  }
}
