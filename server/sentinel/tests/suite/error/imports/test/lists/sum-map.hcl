# The error lies at: lists.sum({"a": 1})
param "pick" {
  value = "sum-map"
}

test {
  rules = {
    main = false
  }
}
