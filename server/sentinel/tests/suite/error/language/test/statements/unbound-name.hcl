# The error lies at: return nowhere
param "pick" {
  value = "unbound-name"
}

test {
  rules = {
    main = false
  }
}
