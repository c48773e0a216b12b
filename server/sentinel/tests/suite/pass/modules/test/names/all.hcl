mock "conf" {
  data = {
    import = 1
    rule   = { all = 2 }
  }
}

test {
  rules = {
    main = true
    out  = ["A", "int", 1, 2]
  }
}
