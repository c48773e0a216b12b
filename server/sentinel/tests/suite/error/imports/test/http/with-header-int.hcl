# The error lies at: http.request("u").with_header("a", 1)
param "pick" {
  value = "with-header-int"
}

test {
  rules = {
    main = false
  }
}
