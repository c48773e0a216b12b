# The error lies at: collection.filter(undefined, func(v) { return true })
param "pick" {
  value = "filter-undefined"
}

test {
  rules = {
    main = false
  }
}
