test {
  rules = {
    main = true
    out  = [7, true, 7, [1, 2], 2, 3, 1, 2, 3, true, true, true, true, true, true, "x"]
  }
}
