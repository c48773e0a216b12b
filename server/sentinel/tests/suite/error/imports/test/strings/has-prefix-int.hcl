# The error lies at: strings.has_prefix(1, "1")
param "pick" {
  value = "has-prefix-int"
}

test {
  rules = {
    main = false
  }
}
