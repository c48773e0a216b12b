# The error lies at: error("stopped:"
param "where" {
  value = "function"
}

test {
  rules = {
    main = false
  }
}
