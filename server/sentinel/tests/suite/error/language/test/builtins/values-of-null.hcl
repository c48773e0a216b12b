# The error lies at: values(null)
param "pick" {
  value = "values-of-null"
}

test {
  rules = {
    main = false
  }
}
