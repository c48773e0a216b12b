# The error lies at: 1 % 0
param "pick" {
  value = "remainder-by-zero"
}

test {
  rules = {
    main = false
  }
}
