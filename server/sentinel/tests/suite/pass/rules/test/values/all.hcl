test {
  rules = {
    main     = true
    text     = "a"
    number   = 2
    fraction = 0.5
    items    = [1, 2]
    members  = { "k" = "v" }
    both     = true
  }
}
