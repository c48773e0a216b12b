# The error lies at: filter "abc" as v { true }
param "pick" {
  value = "filter-over-string"
}

test {
  rules = {
    main = false
  }
}
