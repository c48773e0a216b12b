# The error lies at: http.with_timeout(31)
param "pick" {
  value = "with-timeout-too-long"
}

test {
  rules = {
    main = false
  }
}
