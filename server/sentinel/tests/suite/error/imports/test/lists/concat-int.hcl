# The error lies at: lists.concat([1], 2)
param "pick" {
  value = "concat-int"
}

test {
  rules = {
    main = false
  }
}
