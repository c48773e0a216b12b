# The error lies at: http.with_retries("3")
param "pick" {
  value = "with-retries-text"
}

test {
  rules = {
    main = false
  }
}
