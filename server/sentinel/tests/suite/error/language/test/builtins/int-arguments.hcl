# The error lies at: int()
param "pick" {
  value = "int-arguments"
}

test {
  rules = {
    main = false
  }
}
