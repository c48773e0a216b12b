# The error lies at: maps.get({"a": 1}, 1)
param "pick" {
  value = "get-path-int"
}

test {
  rules = {
    main = false
  }
}
