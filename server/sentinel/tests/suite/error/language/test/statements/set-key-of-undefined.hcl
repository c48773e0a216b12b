# The error lies at: m.a["b"]
param "pick" {
  value = "set-key-of-undefined"
}

test {
  rules = {
    main = false
  }
}
