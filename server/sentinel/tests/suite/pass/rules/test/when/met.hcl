param "condition" {
  value = 1
}

test {
  rules = {
    main    = true
    guarded = true
  }
}
