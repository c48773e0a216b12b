# The error lies at: collection.find(null, func(v) { return true })
param "pick" {
  value = "find-null"
}

test {
  rules = {
    main = false
  }
}
