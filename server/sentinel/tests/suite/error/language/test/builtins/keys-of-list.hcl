# The error lies at: keys([1])
param "pick" {
  value = "keys-of-list"
}

test {
  rules = {
    main = false
  }
}
