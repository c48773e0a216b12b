# The error lies at: xs[1] = 2
param "pick" {
  value = "set-list-past-end"
}

test {
  rules = {
    main = false
  }
}
