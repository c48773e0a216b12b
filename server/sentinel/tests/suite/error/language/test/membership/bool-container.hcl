# The error lies at: true contains true
param "pick" {
  value = "bool-container"
}

test {
  rules = {
    main = false
  }
}
