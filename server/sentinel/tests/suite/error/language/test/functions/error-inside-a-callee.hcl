# The error lies at: return x + 1
param "pick" {
  value = "error-inside-a-callee"
}

test {
  rules = {
    main = false
  }
}
