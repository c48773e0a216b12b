# The error lies at: lists.difference(undefined, [1])
param "pick" {
  value = "difference-undefined"
}

test {
  rules = {
    main = false
  }
}
