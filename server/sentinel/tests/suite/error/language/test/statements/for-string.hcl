# The error lies at: for "abc" as
param "pick" {
  value = "for-string"
}

test {
  rules = {
    main = false
  }
}
