# The error lies at: all = 
test {
  rules = {
    main = false
  }
}
