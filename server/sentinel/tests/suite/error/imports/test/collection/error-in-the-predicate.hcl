# The error lies at: collection.filter([1], func(v) { return v / 0 is 1 })
param "pick" {
  value = "error-in-the-predicate"
}

test {
  rules = {
    main = false
  }
}
