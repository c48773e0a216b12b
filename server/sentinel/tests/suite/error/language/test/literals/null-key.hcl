# The error lies at: {null: 1}
param "pick" {
  value = "null-key"
}

test {
  rules = {
    main = false
  }
}
