# The error lies at: decimal.new(1).lt(undefined)
param "pick" {
  value = "less-than-undefined"
}

test {
  rules = {
    main = false
  }
}
