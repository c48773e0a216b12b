# The error lies at: null + 1
param "pick" {
  value = "null-plus-int"
}

test {
  rules = {
    main = false
  }
}
