# The error lies at: 12 contains 1
param "pick" {
  value = "number-container"
}

test {
  rules = {
    main = false
  }
}
