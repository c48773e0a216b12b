# The error lies at: true.a
param "pick" {
  value = "bool-selector"
}

test {
  rules = {
    main = false
  }
}
