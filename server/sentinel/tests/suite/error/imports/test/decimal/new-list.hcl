# The error lies at: decimal.new([1])
param "pick" {
  value = "new-list"
}

test {
  rules = {
    main = false
  }
}
