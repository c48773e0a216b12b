test {
  rules = {
    main  = true
    late  = true
    early = true
    once  = true
    twice = true
    seen  = true
  }
}
