# The error lies at: false is empty
param "pick" {
  value = "bool-is-empty"
}

test {
  rules = {
    main = false
  }
}
