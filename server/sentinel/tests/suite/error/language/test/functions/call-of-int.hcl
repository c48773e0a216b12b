# The error lies at: return n()
param "pick" {
  value = "call-of-int"
}

test {
  rules = {
    main = false
  }
}
