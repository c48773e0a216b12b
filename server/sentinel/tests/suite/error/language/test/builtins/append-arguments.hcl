# The error lies at: append([])
param "pick" {
  value = "append-arguments"
}

test {
  rules = {
    main = false
  }
}
