# The error lies at: 1 / 0
param "pick" {
  value = "division-by-zero"
}

test {
  rules = {
    main = false
  }
}
