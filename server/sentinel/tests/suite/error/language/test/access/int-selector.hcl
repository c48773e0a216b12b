# The error lies at: return n.a
param "pick" {
  value = "int-selector"
}

test {
  rules = {
    main = false
  }
}
