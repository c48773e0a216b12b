test {
  rules = {
    main = true
    out  = [false, true, true, true, true, ["once", "in a rule"]]
  }
}
