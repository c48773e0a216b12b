test {
  rules = {
    main = true
    out  = [1, 1, 2, "one", "more", 3, 1, true, true]
  }
}
