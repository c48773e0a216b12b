# The error lies at: for undefined as
param "pick" {
  value = "for-undefined"
}

test {
  rules = {
    main = false
  }
}
