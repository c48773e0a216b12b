# The error lies at: {"a": 1}[0:1]
param "pick" {
  value = "slice-map"
}

test {
  rules = {
    main = false
  }
}
