test {
  rules = {
    main   = true
    again  = true
    inside = true
  }
}
