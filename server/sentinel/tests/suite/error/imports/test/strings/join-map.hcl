# The error lies at: strings.join([{"a": 1}], ",")
param "pick" {
  value = "join-map"
}

test {
  rules = {
    main = false
  }
}
