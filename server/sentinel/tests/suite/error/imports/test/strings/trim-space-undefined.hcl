# The error lies at: strings.trim_space(undefined)
param "pick" {
  value = "trim-space-undefined"
}

test {
  rules = {
    main = false
  }
}
