# The error lies at: append(null, 1)
param "pick" {
  value = "append-to-null"
}

test {
  rules = {
    main = false
  }
}
