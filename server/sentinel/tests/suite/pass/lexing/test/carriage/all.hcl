test {
  rules = {
    main = true
  }
}
