# The error lies at: {} + {}
param "pick" {
  value = "map-plus-map"
}

test {
  rules = {
    main = false
  }
}
