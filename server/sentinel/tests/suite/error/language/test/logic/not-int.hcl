# The error lies at: not 1
param "pick" {
  value = "not-int"
}

test {
  rules = {
    main = false
  }
}
