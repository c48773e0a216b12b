# The error lies at: [1](0)
param "pick" {
  value = "call-of-list"
}

test {
  rules = {
    main = false
  }
}
