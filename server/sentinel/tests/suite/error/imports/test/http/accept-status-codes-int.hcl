# The error lies at: http.accept_status_codes(200)
param "pick" {
  value = "accept-status-codes-int"
}

test {
  rules = {
    main = false
  }
}
