# The error lies at: import "part"
test {
  rules = {
    main = false
  }
}
