# The error lies at: range(0, 5, 0)
param "pick" {
  value = "range-step-zero"
}

test {
  rules = {
    main = false
  }
}
