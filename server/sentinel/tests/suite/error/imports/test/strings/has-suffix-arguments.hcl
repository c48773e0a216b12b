# The error lies at: strings.has_suffix("a")
param "pick" {
  value = "has-suffix-arguments"
}

test {
  rules = {
    main = false
  }
}
