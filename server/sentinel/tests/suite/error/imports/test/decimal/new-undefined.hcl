# The error lies at: decimal.new(undefined)
param "pick" {
  value = "new-undefined"
}

test {
  rules = {
    main = false
  }
}
