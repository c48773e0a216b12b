# The error lies at: 0 is empty
param "pick" {
  value = "int-is-empty"
}

test {
  rules = {
    main = false
  }
}
