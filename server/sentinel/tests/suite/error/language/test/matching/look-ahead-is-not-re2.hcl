# The error lies at: "a" matches "(?=a)"
param "pick" {
  value = "look-ahead-is-not-re2"
}

test {
  rules = {
    main = false
  }
}
