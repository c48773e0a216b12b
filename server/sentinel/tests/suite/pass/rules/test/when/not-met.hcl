param "condition" {
  value = 2
}

param "inner" {
  value = false
}

test {
  rules = {
    guarded  = true
    needless = true
    nested   = false
    main     = false
  }
}
