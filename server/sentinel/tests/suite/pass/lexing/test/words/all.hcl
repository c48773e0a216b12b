test {
  rules = {
    main = true
    out  = [8, 24, 19, 22, true, 406]
  }
}
