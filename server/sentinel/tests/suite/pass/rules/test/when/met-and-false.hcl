param "condition" {
  value = 1
}

param "inner" {
  value = false
}

test {
  rules = {
    main    = false
    guarded = false
  }
}
