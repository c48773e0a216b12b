# The error lies at: m["b"] = 2
param "pick" {
  value = "set-key-of-null"
}

test {
  rules = {
    main = false
  }
}
