param "names" {
  value = ["a", "b"]
}

test {
  rules = {
    big  = false
    main = true
  }
}
