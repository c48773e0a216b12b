# The error lies at: collection.filter(3, func(v) { return true })
param "pick" {
  value = "filter-int"
}

test {
  rules = {
    main = false
  }
}
