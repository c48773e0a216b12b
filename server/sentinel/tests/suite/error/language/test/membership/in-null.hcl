# The error lies at: 1 in null
param "pick" {
  value = "in-null"
}

test {
  rules = {
    main = false
  }
}
