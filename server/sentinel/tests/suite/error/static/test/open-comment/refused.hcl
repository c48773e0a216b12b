# The error lies at: /*
test {
  rules = {
    main = false
  }
}
