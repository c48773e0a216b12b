param "sizes" {
  value = ["huge", "small", "giant"]
}

test {
  rules = {
    main = ["huge", "giant"]
  }
}
