# The error lies at: no_such_thing
test {
  rules = {
    main = false
  }
}
