# The error lies at: null is not empty
param "pick" {
  value = "null-is-not-empty"
}

test {
  rules = {
    main = false
  }
}
