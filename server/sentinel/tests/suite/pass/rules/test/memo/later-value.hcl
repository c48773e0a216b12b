test {
  rules = {
    b    = false
    main = false
  }
}
