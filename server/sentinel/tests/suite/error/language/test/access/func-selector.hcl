# The error lies at: return f.a
param "pick" {
  value = "func-selector"
}

test {
  rules = {
    main = false
  }
}
