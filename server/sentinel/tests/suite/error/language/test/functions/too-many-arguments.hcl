# The error lies at: func() { return 1 }(1)
param "pick" {
  value = "too-many-arguments"
}

test {
  rules = {
    main = false
  }
}
