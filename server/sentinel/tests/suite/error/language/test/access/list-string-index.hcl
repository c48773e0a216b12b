# The error lies at: [1]["0"]
param "pick" {
  value = "list-string-index"
}

test {
  rules = {
    main = false
  }
}
