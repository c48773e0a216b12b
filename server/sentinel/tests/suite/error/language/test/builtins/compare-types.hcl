# The error lies at: compare("1", 1)
param "pick" {
  value = "compare-types"
}

test {
  rules = {
    main = false
  }
}
