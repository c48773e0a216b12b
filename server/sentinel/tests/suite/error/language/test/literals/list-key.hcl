# The error lies at: {[1]: 1}
param "pick" {
  value = "list-key"
}

test {
  rules = {
    main = false
  }
}
