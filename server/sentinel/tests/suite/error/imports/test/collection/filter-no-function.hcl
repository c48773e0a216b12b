# The error lies at: collection.filter([1], 3)
param "pick" {
  value = "filter-no-function"
}

test {
  rules = {
    main = false
  }
}
