# The error lies at: func(a, b) { return a }(1)
param "pick" {
  value = "too-few-arguments"
}

test {
  rules = {
    main = false
  }
}
