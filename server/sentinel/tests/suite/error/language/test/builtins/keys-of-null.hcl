# The error lies at: keys(null)
param "pick" {
  value = "keys-of-null"
}

test {
  rules = {
    main = false
  }
}
