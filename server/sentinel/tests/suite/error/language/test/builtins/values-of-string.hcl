# The error lies at: values("a")
param "pick" {
  value = "values-of-string"
}

test {
  rules = {
    main = false
  }
}
