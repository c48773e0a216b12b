# The error lies at: 12[0:1]
param "pick" {
  value = "slice-int"
}

test {
  rules = {
    main = false
  }
}
