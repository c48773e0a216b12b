test {
  rules = {
    main = true
    out  = [[1, 2, 3], [1, 2, 3], [1, 2, 3, 4], true]
  }
}
