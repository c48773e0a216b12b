# The error lies at: http.get("https://127.0.0.1:1/").status_code is 200
param "pick" {
  value = "get"
}

test {
  rules = {
    main = false
  }
}
