# The error lies at: http.request(undefined)
param "pick" {
  value = "request-undefined"
}

test {
  rules = {
    main = false
  }
}
