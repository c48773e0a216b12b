# The error lies at: http.with_retries(11)
param "pick" {
  value = "with-retries-too-many"
}

test {
  rules = {
    main = false
  }
}
