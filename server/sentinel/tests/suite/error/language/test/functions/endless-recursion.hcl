# The error lies at: return f(n + 1)
param "pick" {
  value = "endless-recursion"
}

test {
  rules = {
    main = false
  }
}
