test {
  rules = {
    main = null
  }
}
