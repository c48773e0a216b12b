# The error lies at: continue
test {
  rules = {
    main = false
  }
}
