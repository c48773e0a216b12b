# The error lies at: strings.to_lower(null)
param "pick" {
  value = "to-lower-null"
}

test {
  rules = {
    main = false
  }
}
