# The error lies at: 1 not in null
param "pick" {
  value = "not-in-null"
}

test {
  rules = {
    main = false
  }
}
