# The error lies at: compare(null, null)
param "pick" {
  value = "compare-null"
}

test {
  rules = {
    main = false
  }
}
