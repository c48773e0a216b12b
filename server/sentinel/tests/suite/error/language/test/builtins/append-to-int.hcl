# The error lies at: append(1, 1)
param "pick" {
  value = "append-to-int"
}

test {
  rules = {
    main = false
  }
}
