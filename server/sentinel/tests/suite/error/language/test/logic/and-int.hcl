# The error lies at: true and 1
param "pick" {
  value = "and-int"
}

test {
  rules = {
    main = false
  }
}
