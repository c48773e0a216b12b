# The error lies at: maps.get(undefined, "a")
param "pick" {
  value = "get-undefined"
}

test {
  rules = {
    main = false
  }
}
