param "names" {
  value = ["a", "b"]
}

test {
  rules = {
    main   = true
    absent = true
  }
}
