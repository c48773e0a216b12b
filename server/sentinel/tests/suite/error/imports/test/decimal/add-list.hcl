# The error lies at: decimal.new(1).add([1])
param "pick" {
  value = "add-list"
}

test {
  rules = {
    main = false
  }
}
