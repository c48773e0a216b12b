# The error lies at: for 3 as
param "pick" {
  value = "for-int"
}

test {
  rules = {
    main = false
  }
}
