# The error lies at: nowhere += 1
param "pick" {
  value = "compound-on-unbound-name"
}

test {
  rules = {
    main = false
  }
}
