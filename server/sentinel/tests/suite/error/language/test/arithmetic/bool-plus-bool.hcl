# The error lies at: true + true
param "pick" {
  value = "bool-plus-bool"
}

test {
  rules = {
    main = false
  }
}
