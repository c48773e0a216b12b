# The error lies at: range()
param "pick" {
  value = "range-arguments"
}

test {
  rules = {
    main = false
  }
}
