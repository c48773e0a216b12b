# The error lies at: null contains 1
param "pick" {
  value = "null-container"
}

test {
  rules = {
    main = false
  }
}
