# The error lies at: decimal.new(null)
param "pick" {
  value = "new-null"
}

test {
  rules = {
    main = false
  }
}
