test {
  rules = {
    main  = true
    out   = [1, 2, 8, "in", 9, "shadowed"]
    total = 8
  }
}
