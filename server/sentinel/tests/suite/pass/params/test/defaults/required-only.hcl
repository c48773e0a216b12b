param "required" {
  value = "given"
}

test {
  rules = {
    main = true
    out  = ["given", "fallback", -2, 1.5, false, ["a", [1]], { "a" = { "b" = 1 } }]
  }
}
