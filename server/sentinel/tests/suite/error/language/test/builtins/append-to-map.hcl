# The error lies at: append({}, 1)
param "pick" {
  value = "append-to-map"
}

test {
  rules = {
    main = false
  }
}
