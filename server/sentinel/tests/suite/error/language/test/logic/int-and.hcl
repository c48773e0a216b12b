# The error lies at: 1 and true
param "pick" {
  value = "int-and"
}

test {
  rules = {
    main = false
  }
}
