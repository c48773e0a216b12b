# The error lies at: {{}: 1}
param "pick" {
  value = "map-key"
}

test {
  rules = {
    main = false
  }
}
