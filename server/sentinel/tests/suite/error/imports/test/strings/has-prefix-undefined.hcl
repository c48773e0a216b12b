# The error lies at: strings.has_prefix(undefined, "1")
param "pick" {
  value = "has-prefix-undefined"
}

test {
  rules = {
    main = false
  }
}
