# The error lies at: 5[0]
param "pick" {
  value = "int-index"
}

test {
  rules = {
    main = false
  }
}
