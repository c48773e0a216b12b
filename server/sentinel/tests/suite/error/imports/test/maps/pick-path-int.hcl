# The error lies at: maps.pick({"a": 1}, 1)
param "pick" {
  value = "pick-path-int"
}

test {
  rules = {
    main = false
  }
}
