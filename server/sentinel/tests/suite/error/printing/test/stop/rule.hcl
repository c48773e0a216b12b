# The error lies at: error("in the rule")
param "where" {
  value = "rule"
}

test {
  rules = {
    main = false
  }
}
