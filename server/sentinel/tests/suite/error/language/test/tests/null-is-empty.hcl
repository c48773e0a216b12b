# The error lies at: null is empty
param "pick" {
  value = "null-is-empty"
}

test {
  rules = {
    main = false
  }
}
