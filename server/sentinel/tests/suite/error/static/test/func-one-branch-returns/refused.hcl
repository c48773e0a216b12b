# The error lies at: func(x)
test {
  rules = {
    main = false
  }
}
