# The error lies at: return f(1 / 0)
param "pick" {
  value = "error-in-an-argument"
}

test {
  rules = {
    main = false
  }
}
