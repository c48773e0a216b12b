# The error lies at: append(undefined, 1)
param "pick" {
  value = "append-to-undefined"
}

test {
  rules = {
    main = false
  }
}
