# The error lies at: m[null] = 2
param "pick" {
  value = "set-null-key"
}

test {
  rules = {
    main = false
  }
}
