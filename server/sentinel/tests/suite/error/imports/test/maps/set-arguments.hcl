# The error lies at: maps.set({}, "a")
param "pick" {
  value = "set-arguments"
}

test {
  rules = {
    main = false
  }
}
