# The error lies at: "a" matches "("
param "pick" {
  value = "bad-pattern"
}

test {
  rules = {
    main = false
  }
}
