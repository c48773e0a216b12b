# The error lies at: filter [1] as v { null }
param "pick" {
  value = "filter-body-null"
}

test {
  rules = {
    main = false
  }
}
