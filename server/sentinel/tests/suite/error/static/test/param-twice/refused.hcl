# The error lies at: param a default 2
test {
  rules = {
    main = false
  }
}
