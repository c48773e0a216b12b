# The error lies at: for null as
param "pick" {
  value = "for-null"
}

test {
  rules = {
    main = false
  }
}
