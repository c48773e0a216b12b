# a comment
test {
  rules = {
    sum  = 21 // another
    main = true
  }
}
