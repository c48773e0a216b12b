# The error lies at: param who
test {
  rules = {
    main = false
  }
}
