# The error lies at: error("no", "way")
param "pick" {
  value = "error-with-text"
}

test {
  rules = {
    main = false
  }
}
