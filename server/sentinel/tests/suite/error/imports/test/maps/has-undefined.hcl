# The error lies at: maps.has(undefined, "a")
param "pick" {
  value = "has-undefined"
}

test {
  rules = {
    main = false
  }
}
