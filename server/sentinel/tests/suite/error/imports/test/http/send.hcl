# The error lies at: http.send(http.request("https://127.0.0.1:1/")).body
param "pick" {
  value = "send"
}

test {
  rules = {
    main = false
  }
}
